//! AWS KMS keys as recipients and identities.
