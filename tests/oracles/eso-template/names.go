package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// What certSANs of 2.9 gives, said with Go's own reader of certificates: 0.20.4 does not have it.
func certSANs(text string) ([]string, error) {
	if begin := strings.Index(text, "-----BEGIN"); begin >= 0 {
		text = text[begin:]
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	names := certificate.DNSNames
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	names = append(names, certificate.EmailAddresses...)
	for _, uri := range certificate.URIs {
		names = append(names, uri.String())
	}
	return names, nil
}
