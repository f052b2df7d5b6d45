import os

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "gthread"
control_socket_disable = True
