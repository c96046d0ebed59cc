// Command go-json answers what GJSON finds.
//
// One request a line: a JSON text and a path, each in base64, with a space in between. One answer a
// line: "none"; or "some", the text of what was found in base64, and what stands there in base64.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/tidwall/gjson"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		text, path, _ := strings.Cut(in.Text(), " ")
		answer(out, decoded(text), decoded(path))
	}
}

func answer(out *bufio.Writer, text, path string) {
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Fprintln(out, "panic")
		}
	}()
	found := gjson.Get(text, path)
	if !found.Exists() {
		fmt.Fprintln(out, "none")
		return
	}
	encode := base64.StdEncoding.EncodeToString
	fmt.Fprintln(out, "some", encode([]byte(found.String())), encode([]byte(found.Raw)))
}

func decoded(text string) string {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return string(bytes)
}
