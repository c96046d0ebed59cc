// Command go-yaml answers what the libraries under kubeseal and kubectl make of a text.
//
// One request a line: an operation, a space, the text in base64. One answer a line: "ok" or "err",
// a space, the result in base64.
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
	reply(out, "ok", result)
}

func run(operation string, input []byte) ([]byte, error) {
	switch operation {
	case "write-yaml":
		return yaml.JSONToYAML(input)
	case "write-json":
		return indent(input)
	case "circle":
		var value any
		if err := json.Unmarshal(input, &value); err != nil {
			return nil, err
		}
		return json.Marshal(hasCircle(value))
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

// hasCircle tells whether a mapping in value has keys that Go's writer puts in an order that is not
// transitive: then the random order of Go's maps shows in the output. Of two keys the order is
// certain, and a transitive order is one in which every key comes before a different number of keys.
func hasCircle(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		seen := map[int]bool{}
		for key, child := range value {
			before := 0
			for other := range value {
				if other != key && comesFirst(key, other) {
					before++
				}
			}
			if seen[before] || hasCircle(child) {
				return true
			}
			seen[before] = true
		}
	case []any:
		for _, child := range value {
			if hasCircle(child) {
				return true
			}
		}
	}
	return false
}

// comesFirst writes the two keys with values that no key holds, and looks which value comes first.
func comesFirst(key, other string) bool {
	const first, second = "\x01first", "\x01second"
	text, err := yaml.Marshal(map[string]string{key: first, other: second})
	return err == nil && bytes.Index(text, []byte(`\x01first`)) < bytes.Index(text, []byte(`\x01second`))
}

func reply(out *bufio.Writer, status string, result []byte) {
	fmt.Fprintln(out, status, base64.StdEncoding.EncodeToString(result))
}
