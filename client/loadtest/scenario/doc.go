// Package scenario says what a load test calls: which routes, how often each,
// with what data, about which guilds and users.
//
// A scenario is a value, or a file in TOML or JSON with the same keys. In TOML:
//
//	think = "10ms"           # pause of a caller after each call; none if left out
//
//	[guilds]                 # what {{guild}} draws from
//	count = 2500             # made-up ids; 1000 if left out
//	zipf = 1.1               # the first ids are the busiest; evenly if left out
//
//	[users]                  # what {{user}} draws from
//	ids = ["80351110224678912", 80351110190468096] # these instead
//
//	[[route]]
//	name = "members.count"
//	weight = 9               # 9 calls of this route for 1 of the next; 1 if left out
//	data = '{"guild_id": "{{guild}}"}'
//
//	[[route]]
//	name = "prefix.set"
//	data = '{"guild_id": "{{guild}}", "prefix": "{{rand 10 99}}"}'
//	expect = ["forbidden"]   # errors that count as answers
//	timeout = "500ms"        # the plan's if left out
//
// In JSON "route" is an array of objects, and data may be an object too:
//
//	{"route": [{"name": "members.count", "data": {"guild_id": "{{guild}}"}}]}
//
// In such an object templates stand in quotes, as all text of JSON does, and so does
// what they give. For a number, data has to be a string:
//
//	{"route": [{"name": "members.page", "data": "{\"page\": {{rand 1 6}}}"}]}
//
// What is wrong with a file is told with its line and the path of the key, in
// which lists count from zero: load.toml:7: route[0].weight: want a number above 0.
//
// # Templates
//
// The data of a call is made by a template of package text/template that gives
// JSON. It has no data of its own but these functions:
//
//	guild       an id of a guild, in digits without quotes; the same within one call
//	user        an id of a user, likewise
//	seq         the number of the call in the run
//	rand        a random whole number from 0, below 2^53
//	rand 6      one from 0 to 5
//	rand 10 20  one from 10 to 20
//	pad 100     100 letters, for size
//
// Data that is only text and such actions with constant numbers is filled in
// without memory being allocated. What text/template has beyond that (if,
// printf, variables, pipelines) works and costs some microseconds a call.
package scenario
