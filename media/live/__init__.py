"""In motion: the live process, which carries pictures and sound from the stage to its viewers.

`control.serve(LiveSettings, stop)` is the whole of it. It knows no database, no HTTP and no
environment; a web process decides who may publish and watch, and asks over a unix socket.
"""
