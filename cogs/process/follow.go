package process

import "path/filepath"

// follow watches the folders of the sources, and of those that are not there the
// nearest one above that is. It watches folders since editors replace files.
// Folders that have come back are others than those that were watched, so each is
// asked for again; to ask twice for the same does no harm.
func (w *watcher) follow() {
	from := w.artefacts.known().from
	for _, dir := range from.folders {
		w.followOne(dir)
	}
	for _, file := range from.files {
		w.followOne(filepath.Dir(file))
	}
}

func (w *watcher) followOne(dir string) {
	for {
		at := nearest(dir)
		err := w.notify.Add(at)
		if nearest(dir) != at {
			continue // it has come or gone meanwhile, and nobody was told
		}
		if err != nil && !w.blind {
			w.blind = true // there may be many
			w.artefacts.opts.Logger.Error("not all sources are watched", "cog", w.artefacts.name, "folder", at, "err", err)
		}
		return
	}
}

// nearest returns dir, or the nearest folder above that is there.
func nearest(dir string) string {
	for !there(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	return dir
}
