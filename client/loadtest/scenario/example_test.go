package scenario_test

import (
	"fmt"
	"log"

	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

func Example() {
	s, err := scenario.Parse("load.toml", []byte(`
[guilds]
ids = ["80351110224678912"]
[[route]]
name = "members.count"
data = '{"guild_id": "{{guild}}", "page": {{seq}}}'
expect = ["not_found"]
`))
	if err != nil {
		log.Fatal(err)
	}
	program, err := s.Compile()
	if err != nil {
		log.Fatal(err)
	}
	drawer := program.Draw(1, 0) // one for each goroutine
	var data []byte
	for seq := range uint64(2) {
		var route int
		route, data, err = drawer.Next(data[:0], seq)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s\n", program.Routes[route].Name, data)
	}
	// Output:
	// members.count {"guild_id": "80351110224678912", "page": 0}
	// members.count {"guild_id": "80351110224678912", "page": 1}
}

// In an object of JSON, templates produce text. For a number, data must be a string.
func ExampleParse_numbers() {
	s, err := scenario.Parse("load.json", []byte(`{"route": [
		{"name": "members.page", "data": {"page": "{{seq}}"}},
		{"name": "members.page", "data": "{\"page\": {{seq}}}"}
	]}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range s.Routes {
		one := scenario.Scenario{Routes: []scenario.Route{r}}
		program, err := one.Compile()
		if err != nil {
			log.Fatal(err)
		}
		_, data, err := program.Draw(1, 0).Next(nil, 7)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", data)
	}
	// Output:
	// {"page":"7"}
	// {"page": 7}
}

func ExampleParse_mistakes() {
	_, err := scenario.Parse("load.toml", []byte(`
[[route]]
name = "members.count"
weigth = 9
data = '{"page": {{seq}}'
`))
	fmt.Println(err)
	// Output:
	// load.toml:4: route[0].weigth: this key is unknown: did you mean weight?
	// load.toml:5: route[0].data: the template gives {"page": 0, which is not JSON at offset 10: unexpected end of JSON input
}
