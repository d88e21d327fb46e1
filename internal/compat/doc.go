// Package compat holds no code: its tests replay recorded dialogues of the
// Python package discord-ext-ipcx, and of its ancestor discord-ext-ipc, against
// the real server and the real client of cogbus on real sockets.
//
// testdata/golden.jsonl holds the dialogues, one JSON object a line. A case with "note":
// "compat" must have the recorded outcome, compared as parsed JSON. A case with "note":
// "fix" shows a defect of the Python package, and must have the outcome that its "better"
// describes. testdata/exclusions.txt names the cases that are not replayed, each with its
// reason. The environment variable GOLDEN may name another file of the same form.
//
//	go test -v ./internal/compat
//
// ends with the line "N passed, N failed, N excluded".
//
// Built with -tags python, TestPythonPeers runs the Python packages themselves, in both
// directions. IPCX_DIR names a checkout of discord-ext-ipcx, and IPC_DIR a checkout of its
// ancestor. The packages need /usr/bin/python3 with discord.py 2 and aiohttp.
package compat
