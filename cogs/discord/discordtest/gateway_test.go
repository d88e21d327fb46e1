package discordtest

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

func TestIdentify(t *testing.T) {
	bubble(t, &Options{Guilds: 3, Members: 2, MemberCount: 1_000_000}, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		in := listen(d)
		open(t, d)
		want := []string{"READY", "GUILD_CREATE", "GUILD_CREATE", "GUILD_CREATE"}
		if diff := cmp.Diff(want, in.all()); diff != "" {
			t.Errorf("events after Open() (-want +got):\n%s", diff)
		}
		d.State.RLock()
		defer d.State.RUnlock()
		if got, want := d.State.User.Username, "cogbot"; got != want {
			t.Errorf("State.User = %q; want %q", got, want)
		}
		if got := len(d.State.Guilds); got != 3 {
			t.Fatalf("len(State.Guilds) = %d; want 3", got)
		}
		g := d.State.Guilds[1]
		if g.Name != srv.Guild(1).Name || g.Unavailable {
			t.Errorf("State.Guilds[1] = %q, unavailable %t; want %q, available", g.Name, g.Unavailable, srv.Guild(1).Name)
		}
		if len(g.Members) != 3 || g.MemberCount != 1_000_000 || !g.Large {
			t.Errorf("guild has %d members of %d, large %t; want 3 of 1000000, large", len(g.Members), g.MemberCount, g.Large)
		}
		if len(g.Channels) != 3 || len(g.Roles) != 5 {
			t.Errorf("guild has %d channels and %d roles; want 3 and 5", len(g.Channels), len(g.Roles))
		}
	})
}

func TestShards(t *testing.T) {
	bubble(t, &Options{Guilds: 5, Shards: 2}, func(t *testing.T, srv *Server) {
		shards := [2]*discordgo.Session{newSession(t, srv), newSession(t, srv)}
		boxes := [2]*inbox{}
		for i, d := range shards {
			d.ShardID, d.ShardCount = i, 2
			open(t, d)
			boxes[i] = listen(d)
		}
		for i, d := range shards {
			var got, want []string
			d.State.RLock()
			for _, g := range d.State.Guilds {
				got = append(got, g.ID)
			}
			if *d.State.Shard != [2]int{i, 2} {
				t.Errorf("READY of shard %d says %v; want %v", i, *d.State.Shard, [2]int{i, 2})
			}
			d.State.RUnlock()
			for j := i; j < 5; j += 2 {
				want = append(want, srv.Guild(j).ID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("guilds of shard %d (-want +got):\n%s", i, diff)
			}
			for _, id := range got {
				if n, _ := strconv.ParseUint(id, 10, 64); n>>22%2 != uint64(i) {
					t.Errorf("guild %s is on shard %d; want %d", id, i, n>>22%2)
				}
			}
		}
		g := srv.Guild(1)
		if _, err := srv.Message(g.Channels[0].ID, g.OwnerID, "hi"); err != nil {
			t.Fatalf("Message() = %v; want nil", err)
		}
		if err := srv.Dispatch("CHANNEL_PINS_UPDATE", &discordgo.ChannelPinsUpdate{ChannelID: "1"}); err != nil {
			t.Fatalf("Dispatch() = %v; want nil", err)
		}
		if diff := cmp.Diff([2][]string{{"CHANNEL_PINS_UPDATE"}, {"says hi"}}, [2][]string{boxes[0].all(), boxes[1].all()}); diff != "" {
			t.Errorf("events by shard (-want +got):\n%s", diff)
		}
	})
}

func TestWrongToken(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d, err := discordgo.New("Bot wrong")
		if err != nil {
			t.Fatal(err)
		}
		srv.Attach(d)
		err = d.Open()
		if ce, ok := errors.AsType[*websocket.CloseError](err); !ok || ce.Code != 4004 {
			t.Errorf("Open() with a wrong token = %v; want close 4004", err)
		}
		_, err = d.User("@me")
		if re, ok := errors.AsType[*discordgo.RESTError](err); !ok || re.Response.StatusCode != 401 {
			t.Errorf("User(@me) with a wrong token = %v; want 401", err)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		time.Sleep(10 * time.Minute) // in the bubble: 14 heartbeats
		d.RLock()
		age := time.Since(d.LastHeartbeatAck)
		d.RUnlock()
		if age > 42*time.Second {
			t.Errorf("the last heartbeat was acknowledged %v ago; want at most 42s", age)
		}
		if got := in.all(); len(got) != 0 {
			t.Errorf("a quiet connection saw %q; want nothing", got)
		}
	})
}

// dialRaw connects to the gateway without discordgo, since discordgo never sends invalid
// frames.
func dialRaw(t *testing.T, srv *Server) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{NetDialContext: srv.dial}
	c, _, err := d.Dial(srv.gatewayURL(), nil)
	if err != nil {
		t.Fatalf("dial = %v; want nil", err)
	}
	t.Cleanup(func() { c.Close() })
	var hello frame
	if err := c.ReadJSON(&hello); err != nil || hello.Op != opHello {
		t.Fatalf("first frame has op %d, %v; want %d", hello.Op, err, opHello)
	}
	return c
}

func TestCloseCodes(t *testing.T) {
	const identify = `{"op":2,"d":{"token":"fake-token","intents":0}}`
	for name, tt := range map[string]struct {
		send []string
		want int
	}{
		"not JSON":           {[]string{`{`}, 4002},
		"no opcode":          {[]string{`{}`}, 4002},
		"unknown opcode":     {[]string{`{"op":99}`}, 4001},
		"early request":      {[]string{`{"op":8,"d":{}}`}, 4003},
		"identify twice":     {[]string{identify, identify}, 4005},
		"shard out of range": {[]string{`{"op":2,"d":{"token":"fake-token","shard":[2,2]}}`}, 4010},
		"resume, bad token":  {[]string{`{"op":6,"d":{"token":"x"}}`}, 4004},
		"resume, identified": {[]string{identify, `{"op":6,"d":{}}`}, 4005},
		"resume, no data":    {[]string{`{"op":6}`}, 4002},
		"silence":            {nil, 4009},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, srv *Server) {
				c := dialRaw(t, srv)
				go func() {
					for _, text := range tt.send {
						c.WriteMessage(websocket.TextMessage, []byte(text))
					}
				}()
				var err error
				for err == nil {
					_, _, err = c.ReadMessage()
				}
				if ce, ok := errors.AsType[*websocket.CloseError](err); !ok || ce.Code != tt.want {
					t.Errorf("connection ended with %v; want close %d", err, tt.want)
				}
			})
		})
	}
}

func TestResumeFromTheFuture(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		c := dialRaw(t, srv)
		c.WriteJSON(map[string]any{"op": opIdentify, "d": map[string]any{"token": "fake-token"}})
		var ready struct {
			Data struct {
				SessionID string `json:"session_id"`
			} `json:"d"`
		}
		if err := c.ReadJSON(&ready); err != nil {
			t.Fatalf("read READY = %v; want nil", err)
		}
		c = dialRaw(t, srv)
		c.WriteJSON(map[string]any{"op": opResume, "d": map[string]any{
			"token": "fake-token", "session_id": ready.Data.SessionID, "seq": 1000,
		}})
		_, _, err := c.ReadMessage()
		if ce, ok := errors.AsType[*websocket.CloseError](err); !ok || ce.Code != 4007 {
			t.Errorf("RESUME with seq 1000 of 1 = %v; want close 4007", err)
		}
	})
}

func TestCompressionIsTheClientsChoice(t *testing.T) {
	for _, compress := range []bool{false, true} {
		bubble(t, nil, func(t *testing.T, srv *Server) {
			c := dialRaw(t, srv)
			c.WriteJSON(map[string]any{"op": opIdentify, "d": map[string]any{"token": "fake-token", "compress": compress}})
			want := websocket.TextMessage
			if compress {
				want = websocket.BinaryMessage
			}
			if got, _, err := c.ReadMessage(); got != want || err != nil {
				t.Errorf("compress %t: READY has message type %d, %v; want %d", compress, got, err, want)
			}
		})
	}
}

func TestCloseEndsOpenConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := New(nil)
		c := dialRaw(t, srv)
		srv.Close()
		srv.Close()
		if _, _, err := c.ReadMessage(); err == nil {
			t.Error("ReadMessage() after Close() = nil; want an error")
		}
		d := newSession(t, srv)
		if err := d.Open(); err == nil {
			t.Error("Open() after Close() = nil; want an error")
		}
	})
}
