package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs/discord/discordtest"
)

const (
	simulatedGuilds = 50
	simulatedPause  = 150 * time.Millisecond // the average time between two people
)

// A simulation is a fake Discord where people join and leave guilds.
type simulation struct {
	fake   *discordtest.Server
	rand   *rand.Rand
	guilds []string
	guests [][]string // by guild: the ids of the people that have joined and may leave
	people int
}

// simulate starts a simulation, and returns a session in it. Each run has the same guilds
// and people. The caller calls leave.
func simulate() (session *discordgo.Session, leave func(), err error) {
	s := &simulation{
		fake:   discordtest.New(&discordtest.Options{Guilds: simulatedGuilds}),
		rand:   rand.New(rand.NewPCG(2, 3)),
		guests: make([][]string, simulatedGuilds),
	}
	session, err = s.fake.Session()
	if err != nil {
		s.fake.Close()
		return nil, nil, err
	}
	for i := range simulatedGuilds {
		s.guilds = append(s.guilds, s.fake.Guild(i).ID)
		for range s.rand.IntN(100) {
			s.join(i)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.run(ctx) }() // leave waits for it
	return session, func() {
		cancel()
		<-done
		_ = session.Close()
		s.fake.Close()
	}, nil
}

func (s *simulation) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(s.rand.Int64N(int64(2 * simulatedPause)))):
		}
		guild := s.rand.IntN(simulatedGuilds)
		if len(s.guests[guild]) == 0 || s.rand.IntN(100) < 55 {
			s.join(guild)
		} else {
			s.leave(guild)
		}
	}
}

func (s *simulation) join(guild int) {
	s.people++
	user := s.fake.NewUser(fmt.Sprint("guest", s.people))
	s.guests[guild] = append(s.guests[guild], user)
	if err := s.fake.Join(s.guilds[guild], user); err != nil {
		slog.Error("simulation", "err", err)
	}
}

func (s *simulation) leave(guild int) {
	guests := s.guests[guild]
	i := s.rand.IntN(len(guests))
	user := guests[i]
	s.guests[guild] = append(guests[:i], guests[i+1:]...)
	if err := s.fake.Leave(s.guilds[guild], user); err != nil {
		slog.Error("simulation", "err", err)
	}
}
