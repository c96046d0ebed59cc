// Renders templates as External Secrets 0.20.4 does, with its own package. One JSON request per line
// in, one JSON answer per line out. With the argument "functions" it prints the names of its functions.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"

	esapi "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	"github.com/external-secrets/external-secrets/pkg/template/v2"
	corev1 "k8s.io/api/core/v1"
)

type request struct {
	Template string `json:"template"`
	// Base64: values may be binary.
	Items map[string]string `json:"items"`
}

type answer struct {
	// Base64 of the rendered bytes.
	Output string `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	functions := template.FuncMap()
	// The first reads the cluster with the controller's own rights, the second asks the network.
	delete(functions, "getSecretKey")
	delete(functions, "getHostByName")
	functions["certSANs"] = certSANs
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		for name := range functions {
			fmt.Println(name)
		}
		return
	}
	functions["bcryptMatches"] = bcryptMatches
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(render(asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func render(asked request) answer {
	items := map[string][]byte{}
	for name, encoded := range asked.Items {
		value, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			log.Fatal(err)
		}
		items[name] = value
	}
	var secret corev1.Secret
	templates := map[string][]byte{"item": []byte(asked.Template)}
	err := template.Execute(templates, items, esapi.TemplateScopeValues, esapi.TemplateTargetData, &secret)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: base64.StdEncoding.EncodeToString(secret.Data["item"])}
}
