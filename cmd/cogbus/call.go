package main

import "context"

func newCall() *command {
	return &command{
		name:    "call",
		params:  "ENDPOINT [JSON | - | @FILE]",
		summary: "call a route and print its result",
		details: `The data is JSON in the argument, in a file, or, with -, in standard input.
Without a third word it is read from standard input if that is a pipe or a
file; an empty one, as cron gives, and a terminal stand for no data, which is
sent as {}. If nothing comes within --timeout, that is an error: in loops and
over ssh end the line with </dev/null.

The result is printed byte for byte, on a terminal with line breaks; its
numbers keep all their digits.`,
		examples: []string{
			`cogbus call members.count '{"guild_id": "906875633666295393"}'`,
			`cogbus call members.count @guild.json`,
			`echo '{"guild_id": "906875633666295393"}' | cogbus call members.count`,
			`cogbus call echo '"hello"' --timeout 5s </dev/null`,
		},
		min: 1,
		max: 2,
		run: runCall,
	}
}

func runCall(ctx context.Context, s *session, args []string) error {
	data, err := s.data(ctx, args[1:])
	if err != nil {
		return err
	}
	bot, err := s.connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	limited, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	var body any
	if data != nil {
		body = data
	}
	result, err := bot.Request(limited, args[0], body)
	if err != nil {
		return s.advise(ctx, bot, args[0], err)
	}
	if s.terminal && !s.json {
		result = indent(result)
	}
	s.out.printf("%s\n", result)
	return nil
}
