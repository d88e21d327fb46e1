// Command signals is a bot for tests of what reaches it under "cogbus dev": it says
// the lines that it reads and the signals that it gets, and ends with SIGTERM.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Printf("read %q\n", lines.Text())
		}
	}()
	fmt.Println("here")
	for i := 1; ; i++ {
		sig := <-signals
		fmt.Printf("signal %d: %s.\n", i, sig)
		if sig == syscall.SIGTERM {
			return
		}
	}
}
