// Command go-regexp answers what Go's regular expressions do.
//
// One request a line: an expression, a text and a replacement, each in base64. One answer a line:
// "bad", or "ok", whether the text matches, and the text after replacing all matches in base64.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		fields := strings.Split(in.Text(), " ")
		expression, err := regexp.Compile(decoded(fields[0]))
		if err != nil {
			fmt.Fprintln(out, "bad")
			continue
		}
		text := decoded(fields[1])
		replaced := expression.ReplaceAllString(text, decoded(fields[2]))
		fmt.Fprintln(out, "ok", expression.MatchString(text), base64.StdEncoding.EncodeToString([]byte(replaced)))
	}
}

func decoded(text string) string {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return string(bytes)
}
