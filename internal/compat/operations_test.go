package compat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
)

// operations are the operations on the bot that the recorded scripts name, in the words of
// the scripts. Each carries out the same on our bot, and tells the oracle about added and
// removed routes.
var operations = map[string]func(p *play, observed node) error{
	"remove the cog Oracle": func(p *play, _ node) error {
		for _, route := range oracleRoutes {
			p.oracle.removed[route] = true
		}
		return p.bots["main"].srv.Unload(context.Background(), "Oracle")
	},
	"load version 1 of the extension, change the file to version 2 with a new route, reload it, all before any connection": func(p *play, _ node) error {
		if _, err := p.main(); err != nil {
			return err
		}
		return p.reloadExtension()
	},
	"register late_class with the module-level decorator and late_inst with the instance decorator, after the first connection": func(p *play, _ node) error {
		return errors.Join(p.register("late_class", "late class"), p.register("late_inst", "late instance"))
	},
	"register late_class with the module-level decorator": func(p *play, _ node) error {
		return p.register("late_class", "late class")
	},
	"register between with the module-level decorator, then start a second Server on the same bot with secret 'other' and instance route only2": func(p *play, _ node) error {
		other := "other"
		b, err := startBot(&other, func(f fixture) []cogs.Cog {
			// The Python package shares these routes between servers, so each of our servers
			// gets a cog for them.
			return append(f.everywhere(), single("between", "between", "between"), single("only2", "only2", "only on 2"))
		}, nil)
		p.bots["second"] = b
		return err
	},
	"bot event on_ipc_ready connects to both ports": func(p *play, _ node) error {
		var ready []bool
		err := p.start(fixture.cogs, func(o *actors.Options) {
			then := o.OnReady
			o.OnReady = func(addr string) {
				ready = []bool{!refused(o.Addr), !refused(o.Discovery)}
				then(addr)
			}
		})
		if err == nil && !slices.Equal(ready, []bool{true, true}) {
			return fmt.Errorf("when the server says it is ready, its ports listen: %v; want both to", ready)
		}
		return err
	},
	"await server.start() a second time": func(p *play, observed node) error {
		b, err := p.main()
		if err != nil {
			return err
		}
		if observed.get("raised").str != "OSError" {
			return errors.New("the test knows no other exception than OSError")
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if err := b.srv.Run(ctx); err == nil {
			return errors.New("a second Run returns no error; want one")
		}
		return nil
	},
	"Server(do_multicast=False)": func(p *play, _ node) error {
		return p.start(fixture.cogs, func(o *actors.Options) { o.Discovery = "-" })
	},
	"the cog class was imported, so its routes are registered, but the cog was never added to the bot": func(p *play, _ node) error {
		for _, route := range oracleRoutes {
			p.oracle.removed[route] = true
		}
		return p.start(func(f fixture) []cogs.Cog {
			return slices.DeleteFunc(f.cogs(), func(c cogs.Cog) bool { return c.Name == "Oracle" })
		}, nil)
	},
	"secret_key is the bytes b's3cret'": func(p *play, _ node) error { // a secret of cogbus is always a string
		_, err := p.main()
		return err
	},
	"the bot process ends (SIGTERM, loop stopped)": func(p *play, _ node) error {
		// A program ends Run's context when it gets the signal.
		p.bots["main"].cancel()
		return nil
	},
	`Server(host="localhost"), the default`: func(p *play, _ node) error {
		if err := p.start(fixture.cogs, func(o *actors.Options) { o.Addr, o.Discovery = "localhost:0", "-" }); err != nil {
			return err
		}
		hosts, err := net.LookupHost("localhost")
		if err != nil {
			return err
		}
		for _, host := range hosts {
			if addr := net.JoinHostPort(host, p.bots["main"].port()); refused(addr) {
				return fmt.Errorf("nobody listens at %s; want the server on every address of localhost, %v", addr, hosts)
			}
		}
		return nil
	},
}

var oracleRoutes = []string{"cog_plain", "cog.named", "cog_tag", "cog_attrs", "cog_raise", "cog_optional", "cog_static"}

// register loads a cog of one route.
func (p *play) register(route, value string) error {
	p.oracle.added[route] = value
	return p.bots["main"].srv.Load(context.Background(), single("late "+route, route, value))
}

// reloadExtension loads a cog and replaces it with its second version.
func (p *play) reloadExtension() error {
	instance := 0
	version := func(code int) cogs.Cog {
		return cogs.Cog{Name: "extension", Setup: func(_ context.Context, r *cogs.Registrar) error {
			instance++
			reply := []string{"code " + strconv.Itoa(code), "instance " + strconv.Itoa(instance)}
			list(r, "ext_version", reply)
			if code > 1 {
				text(r, "ext_new", "new")
			}
			return nil
		}}
	}
	srv := p.bots["main"].srv
	if err := srv.Load(context.Background(), version(1)); err != nil {
		return err
	}
	_, err := srv.Replace(context.Background(), version(2), nil)
	return err
}
