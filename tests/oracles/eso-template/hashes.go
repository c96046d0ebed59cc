package main

import "golang.org/x/crypto/bcrypt"

// Whether a hash is that of a password: hashes have random salts.
func bcryptMatches(hash, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}
