package loadtest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/cogs"
)

func Example() {
	ctx := context.Background()
	bot := actors.NewServer(nil)
	defer bot.Close()
	if err := bot.Load(ctx, cogs.Single("echo", func(_ context.Context, text string) (string, error) { return text, nil })); err != nil {
		log.Fatal(err)
	}
	goals, err := loadtest.ParseGoals("err<0.1%,p99<10s")
	if err != nil {
		log.Fatal(err)
	}
	report, err := loadtest.Run(ctx, loadtest.Plan{
		Target:   "ws://localhost:8765",
		Client:   &client.Options{DialContext: bot.DialContext}, // in memory
		Scenario: scenario.Scenario{Routes: []scenario.Route{{Name: "echo", Data: `"call {{seq}}"`}}},
		Rate:     500,
		Duration: 100 * time.Millisecond,
		Goals:    goals,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Sent, "sent,", report.Answered, "answered,", report.End)
	for _, v := range report.Goals {
		fmt.Println(v.Goal, v.Met)
	}
	// Output:
	// 50 sent, 50 answered, done
	// err<0.1% true
	// p99<10s true
}
