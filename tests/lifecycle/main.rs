//! Controllers that are killed, misconfigured or cut off.
