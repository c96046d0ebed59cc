module github.com/seal-k8s/seal/tests/oracles/go-json

go 1.24

// The version that External Secrets 2.9 is built with.
require github.com/tidwall/gjson v1.18.0

require (
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
)
