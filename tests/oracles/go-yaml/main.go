// Command go-yaml answers what the libraries under kubeseal and kubectl make of a text.
//
// One request a line: an operation, a space, the text in base64. One answer a line: "ok" or "err",
// a space, the result in base64; or "unstable", when Go's own answer changes from run to run.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// Mappings are written in an order that is not transitive in corners, so the random order of Go's
// maps shows in the output.
const writeRuns = 6

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		operation, text, _ := strings.Cut(in.Text(), " ")
		input, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer(out, operation, input)
	}
}

func answer(out *bufio.Writer, operation string, input []byte) {
	defer func() {
		if failure := recover(); failure != nil {
			reply(out, "err", []byte(fmt.Sprint(failure)))
		}
	}()
	result, err := run(operation, input)
	if err != nil {
		reply(out, "err", []byte(err.Error()))
		return
	}
	if operation == "write-yaml" {
		for range writeRuns {
			if again, _ := run(operation, input); !bytes.Equal(result, again) {
				fmt.Fprintln(out, "unstable")
				return
			}
		}
	}
	reply(out, "ok", result)
}

func run(operation string, input []byte) ([]byte, error) {
	switch operation {
	case "write-yaml":
		return yaml.JSONToYAML(input)
	case "write-json":
		return indent(input)
	case "read":
		return yaml.YAMLToJSON(input)
	case "read-strings":
		var fields map[string]string
		if err := yaml.Unmarshal(input, &fields); err != nil {
			return nil, err
		}
		return json.Marshal(fields)
	}
	return nil, fmt.Errorf("unknown operation %q", operation)
}

func indent(input []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return json.MarshalIndent(numbers(value), "", "  ")
}

// numbers gives every number the Go type that a struct field would have, so that Go spells it.
func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = numbers(value[key])
		}
	case []any:
		for i := range value {
			value[i] = numbers(value[i])
		}
	case json.Number:
		if integer, err := value.Int64(); err == nil {
			return integer
		}
		var unsigned uint64
		if err := json.Unmarshal([]byte(value), &unsigned); err == nil {
			return unsigned
		}
		float, _ := value.Float64()
		return float
	}
	return value
}

func reply(out *bufio.Writer, status string, result []byte) {
	fmt.Fprintln(out, status, base64.StdEncoding.EncodeToString(result))
}
