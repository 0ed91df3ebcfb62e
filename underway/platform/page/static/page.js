// Two streams of events: the state of the whole platform, and the log of the app that is looked at.
'use strict'

const KEPT_LINES = 1500
const MOODS = {
  up: 'good', succeeded: 'good', provisioned: 'good',
  crashed: 'bad', failed: 'bad', expired: 'bad',
  starting: 'wait', pending: 'wait', provisioning: 'wait', deprovisioned: 'wait',
}

const byId = (id) => document.getElementById(id)
let state = null
let log = null

function element(tag, text = '', classes = '') {
  const made = document.createElement(tag)
  made.textContent = text
  made.className = classes
  return made
}

function chosen() {
  return decodeURIComponent(location.hash.slice(1))
}

function clock(time) {
  const moment = new Date(time)
  const today = moment.toDateString() === new Date().toDateString()
  return today ? moment.toLocaleTimeString() : moment.toLocaleString()
}

// The worst of what runs decides: one glance has to be enough.
function mood(app) {
  const moods = app.dynos.map((dyno) => MOODS[dyno.state])
  if (moods.includes('bad')) return 'bad'
  if (app.releases[0]?.status === 'failed') return 'bad'
  if (moods.includes('wait') || app.releases[0]?.status === 'pending') return 'wait'
  return moods.includes('good') ? 'good' : ''
}

function dynosInWords(app) {
  const counts = {}
  for (const dyno of app.dynos) counts[dyno.state] = (counts[dyno.state] || 0) + 1
  const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return words.length ? `dynos: ${words.join(', ')}` : 'no dynos'
}

function card(app) {
  const made = element('a', '', `card ${mood(app)}`)
  made.href = `#${encodeURIComponent(app.name)}`
  if (app.name === chosen()) made.setAttribute('aria-current', 'true')
  const newest = app.releases[0]
  const release = newest ? `v${newest.version} ${newest.status}: ${newest.description}` : 'no release'
  made.append(
    element('strong', app.name),
    element('p', app.maintenance ? `${dynosInWords(app)}; maintenance` : dynosInWords(app)),
    element('p', release, 'quiet'),
    element('p', app.addons.map((addon) => addon.plan).join(', ') || 'no add-ons', 'quiet'),
  )
  return made
}

function fill(table, rows, nothing) {
  const made = rows.map((cells) => {
    const row = element('tr')
    row.append(...cells.map(([text, classes]) => element('td', text, classes)))
    return row
  })
  if (!made.length) {
    const row = element('tr')
    const cell = element('td', nothing, 'quiet')
    cell.colSpan = 4
    row.append(cell)
    made.push(row)
  }
  byId(table).tBodies[0].replaceChildren(...made)
}

const status = (word) => [word, `${MOODS[word] || 'quiet'}-text`]

function detail(app) {
  byId('name').textContent = app.name
  const link = element('a', app.url)
  link.href = app.url
  byId('links').replaceChildren(link)
  if (app.domains.length) byId('links').append(`, ${app.domains.join(', ')}`)
  if (app.maintenance) byId('links').append(' (maintenance)')
  fill('dynos', app.dynos.map((dyno) => [
    [dyno.name], status(dyno.state), [clock(dyno.since)], [dyno.command],
  ]), 'None run.')
  byId('formation').textContent = app.formation.length
    ? `Formation: ${app.formation.map((row) => `${row.type}=${row.quantity}:${row.size}`).join(' ')}`
    : ''
  fill('addons', app.addons.map((addon) => [
    [addon.name], [addon.plan.split(':').pop()], status(addon.state), [addon.as.join(', ')],
  ]), 'None: heroku addons:create heroku-postgresql:essential-0')
  fill('releases', app.releases.map((release) => [
    [`v${release.version}${release.version === app.current ? ' (serving)' : ''}`],
    status(release.status), [clock(release.at)], [release.description],
  ]), 'None yet.')
}

function show() {
  if (!state) return
  byId('folder').textContent = state.folder
  const cards = state.apps.map(card)
  const none = element('p', 'There are no apps yet: heroku create, then it appears here.', 'quiet')
  // A card that has the focus keeps it.
  const focused = document.activeElement?.getAttribute('href')
  byId('apps').replaceChildren(...(cards.length ? cards : [none]))
  if (focused) cards.find((made) => made.getAttribute('href') === focused)?.focus()
  const app = state.apps.find((candidate) => candidate.name === chosen())
  byId('app').hidden = !app
  document.title = app ? `${app.name}: local platform` : 'Underway: local platform'
  if (app) detail(app)
  follow(app?.name)
}

function follow(name) {
  if (log?.name === name) return
  log?.events.close()
  log = null
  byId('log').replaceChildren()
  if (!name) return
  const events = new EventSource(`/platform/page/logs/${encodeURIComponent(name)}`)
  // Each connection, also one that is made again, begins with the recent lines.
  events.onopen = () => byId('log').replaceChildren()
  events.onmessage = (message) => line(message.data)
  log = { name, events }
}

function line(text) {
  const box = byId('log')
  // Whoever has scrolled up to read is left there.
  const following = box.scrollHeight - box.scrollTop - box.clientHeight < 40
  const bad = /heroku\[.*\b(at=error|Error [RHL]\d+)\b/.test(text)
  box.append(element('div', text, bad ? 'error' : / heroku\[/.test(text) ? 'heroku' : ''))
  while (box.childElementCount > KEPT_LINES) box.firstElementChild.remove()
  if (following) box.scrollTop = box.scrollHeight
}

const events = new EventSource('/platform/page/state')
events.onopen = () => {
  byId('connection').textContent = 'live'
  byId('connection').className = 'live'
}
events.onerror = () => {
  byId('connection').textContent = 'not connected: invoke platform.up'
  byId('connection').className = ''
}
events.onmessage = (message) => {
  state = JSON.parse(message.data)
  show()
}
addEventListener('hashchange', show)
