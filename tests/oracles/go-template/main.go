// Renders templates the way Sealed Secrets 0.40 does: text/template with sprig's generic functions,
// without the three that read the host. One JSON request per line in, one JSON answer per line out.
// With the argument "functions" it prints the names of sprig's functions instead.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type request struct {
	Template string `json:"template"`
	// Base64: items may be binary.
	Items map[string]string `json:"items"`
}

type answer struct {
	// Base64 of the rendered bytes.
	Output string `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	functions := sprig.GenericFuncMap()
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		for name := range functions {
			fmt.Println(name)
		}
		return
	}
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(render(functions, asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func render(functions template.FuncMap, asked request) answer {
	items := map[string]string{}
	for name, encoded := range asked.Items {
		value, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			log.Fatal(err)
		}
		items[name] = string(value)
	}
	parsed, err := template.New("item").Funcs(functions).Parse(asked.Template)
	if err != nil {
		return answer{Error: err.Error()}
	}
	var rendered bytes.Buffer
	if err := parsed.Execute(&rendered, items); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: base64.StdEncoding.EncodeToString(rendered.Bytes())}
}
