// Command robfig-cron answers what the library behind syncWindows makes of a schedule.
//
// One request a line: a schedule in base64, the length of a window in seconds, and a time in seconds since
// the epoch. One answer a line: "bad", or "ok", the next time of the schedule or "never", and whether the
// window is open.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// The options that External Secrets reads schedules with.
var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fields := strings.Split(in.Text(), " ")
		text, err := base64.StdEncoding.DecodeString(fields[0])
		fail(err)
		schedule, err := parser.Parse(string(text))
		if err != nil {
			fmt.Fprintln(out, "bad")
			continue
		}
		at := time.Unix(number(fields[2]), 0).UTC()
		next := "never"
		if time := schedule.Next(at); !time.IsZero() {
			next = strconv.FormatInt(time.Unix(), 10)
		}
		// The first opening that could still be open; the schedule's own answer is the one after a time.
		earliest := at.Add(-time.Duration(number(fields[1])) * time.Second)
		opened := schedule.Next(earliest.Add(-time.Second))
		fmt.Fprintln(out, "ok", next, !opened.IsZero() && !opened.After(at))
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	fail(err)
	return value
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
