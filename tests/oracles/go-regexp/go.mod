module github.com/seal-k8s/seal/tests/oracles/go-regexp

go 1.24
