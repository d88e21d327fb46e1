package cli

import (
	"context"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// An entry is the name of a route or a cog of the bot, with a short description.
type entry struct {
	name, about string
}

// routesOf asks the bot for its routes.
func routesOf(ctx context.Context, bot *client.Client) (list []entry, err error) {
	routes, err := client.Call(ctx, bot, admin.Routes, wire.Empty{})
	for _, r := range routes {
		list = append(list, entry{r.Endpoint, "of " + r.Cog})
	}
	return list, err
}

// cogsOf asks the bot for its cogs.
func cogsOf(ctx context.Context, bot *client.Client) (list []entry, err error) {
	cogs, err := client.Call(ctx, bot, admin.Cogs, wire.Empty{})
	for _, c := range cogs {
		list = append(list, entry{c.Name, c.State})
	}
	return list, err
}
