// Command signals is a bot for tests of the input and the signals of a bot under "cogbus
// dev". It prints the lines that it reads and the signals that it gets. SIGTERM ends it.
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
