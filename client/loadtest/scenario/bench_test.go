package scenario

import "testing"

func BenchmarkNext(b *testing.B) {
	const data = `{"guild_id":"{{guild}}","user_id":"{{user}}","n":{{rand 10 20}}}`
	for _, bench := range []struct {
		name string
		s    Scenario
	}{
		{"text", Scenario{Routes: []Route{{Name: "a", Data: `{"guild_id":"80351110224678912"}`}}}},
		{"guild", Scenario{Routes: []Route{{Name: "a", Data: `{"guild_id":"{{guild}}"}`}}}},
		{"all", Scenario{Routes: []Route{{Name: "a", Data: data}}}},
		{"zipf", Scenario{Guilds: Population{Zipf: 1.1}, Routes: []Route{{Name: "a", Data: data}}}},
		{"weights", Scenario{Routes: []Route{{Name: "a", Weight: 9, Data: data}, {Name: "b", Data: data}, {Name: "c"}}}},
		{"executed", Scenario{Routes: []Route{{Name: "a", Data: data + `{{if false}}{{end}}`}}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d := compile(b, &bench.s).Draw(1, 1)
			var buf []byte
			var seq uint64
			b.ReportAllocs()
			for b.Loop() {
				seq++
				var err error
				if _, buf, err = d.Next(buf[:0], seq); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
