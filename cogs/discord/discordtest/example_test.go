package discordtest_test

import (
	"fmt"
	"log"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs/discord/discordtest"
)

func Example() {
	srv := discordtest.New(&discordtest.Options{Guilds: 2, Members: 3})
	defer srv.Close()
	bot, err := srv.Session()
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan bool)
	bot.AddHandler(func(s *discordgo.Session, m *discordgo.MessageCreate) {
		if m.Author.Bot {
			fmt.Println("bot:", m.Content)
			close(done)
			return
		}
		fmt.Printf("%s: %s\n", m.Author.Username, m.Content)
		if _, err := s.ChannelMessageSend(m.ChannelID, "hello, "+m.Author.Username); err != nil {
			log.Print(err)
		}
	})
	if err := bot.Open(); err != nil {
		log.Fatal(err)
	}
	defer bot.Close()

	guild := srv.Guild(1)
	fmt.Println(guild.Name, guild.ID)
	if _, err := srv.Message(guild.Channels[0].ID, guild.OwnerID, "hi"); err != nil {
		log.Fatal(err)
	}
	<-done
	// Output:
	// Birch Arcade 906878656589580659
	// brian: hi
	// bot: hello, brian
}

func ExampleServer_RateLimit() {
	srv := discordtest.New(nil)
	defer srv.Close()
	bot, err := srv.Session() // REST works without Open
	if err != nil {
		log.Fatal(err)
	}
	srv.RateLimit(1, 10*time.Millisecond)
	me, err := bot.User("@me")
	fmt.Println(me, err)
	for _, r := range srv.Requests() {
		fmt.Println(r)
	}
	// Output:
	// cogbot <nil>
	// GET /users/@me 429
	// GET /users/@me 200
}
