module github.com/seal-k8s/seal/tests/oracles/go-yaml

go 1.24

// The versions that kubeseal 0.40.0 is built with.
require (
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	sigs.k8s.io/yaml v1.6.0
)
