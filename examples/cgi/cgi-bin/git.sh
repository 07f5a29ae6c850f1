#!/bin/sh
# Git over HTTP: serves the repositories below GIT_PROJECT_ROOT.
# git clone http://127.0.0.1:8000/cgi-bin/git.sh/repository.git

: "${GIT_PROJECT_ROOT:?the directory with the repositories}"
export GIT_PROJECT_ROOT GIT_HTTP_EXPORT_ALL=1
exec git http-backend
