#!/bin/sh
# What a CGI program is told of a request: all of it is in the environment.
# curl 'http://127.0.0.1:8000/cgi-bin/environment.sh/some/where?eggs=1'

printf 'Content-Type: text/plain; charset=utf-8\r\n'
printf '\r\n'
env | sort
