"""Control of calls on FreeSWITCH over its event socket."""
