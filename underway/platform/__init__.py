"""The local platform: Heroku's protocol, seen from the other side, on one's own machine.

It knows nothing of the deploy side; the two meet over HTTP only, as with the real Heroku.
"""
