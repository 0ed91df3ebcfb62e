// Loaded into every Node program of the platform's shell (NODE_OPTIONS=--require): leads the names
// that the Heroku CLI connects to, here and nowhere else, to the local platform.
'use strict'

const net = require('node:net')

const LOCAL = /(^|\.)heroku\.localhost$/i
const APP = /\.localhost$/i
const REAL = /(^|\.)(heroku|herokai|herokuapp|herokucdn|herokudev|herokuspace)\.com$/i
const HTTPS = Number(process.env.UNDERWAY_PLATFORM_HTTPS)

function redirected(options) {
  const host = options.host || ''
  if (REAL.test(host)) {
    throw new Error(`${host} is out of reach in this shell: it belongs to the local platform`)
  }
  if (LOCAL.test(host)) return { ...options, host: '127.0.0.1', port: HTTPS }
  // Node asks the resolver of the system for these, and many do not know them.
  if (APP.test(host)) return { ...options, host: '127.0.0.1' }
  return options
}

const connect = net.Socket.prototype.connect

net.Socket.prototype.connect = function (...args) {
  // net.connect() hands over one array that it has normalized; everyone else options, or
  // a port and a host.
  if (Array.isArray(args[0])) {
    args[0][0] = redirected(args[0][0])
  } else if (typeof args[0] === 'object') {
    args[0] = redirected(args[0])
  } else if (typeof args[1] === 'string') {
    const { host, port } = redirected({ port: args[0], host: args[1] })
    args.splice(0, 2, port, host)
  }
  return connect.apply(this, args)
}
