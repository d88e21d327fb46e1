package process

import "path/filepath"

// follow watches the folders of the sources. For a folder that does not exist it watches
// the nearest existing folder above. It watches folders and not files, since editors
// replace files. A folder that was removed and made again is a new one, so follow adds all
// of them each time; adding a folder twice does no harm.
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
			continue // the folder was made or removed before Add watched it
		}
		if err != nil && !w.blind {
			w.blind = true // log only the first: many folders may fail
			w.artefacts.opts.Logger.Error("not all sources are watched", "cog", w.artefacts.name, "folder", at, "err", err)
		}
		return
	}
}

// nearest returns dir, or the nearest folder above it that exists.
func nearest(dir string) string {
	for !there(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	return dir
}
