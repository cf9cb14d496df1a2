// The npm package bitget-api, unmodified: every name of bitget.com is the venue on PORT of this machine. What it is
// answered and told is written as one JSON object.
import dns from 'node:dns'
import net from 'node:net'
import { createRequire } from 'node:module'

const { PORT, API_KEY, API_SECRET, API_PASS, MODULES } = process.env
const { RestClientV3, WebsocketClientV3, DefaultLogger } = createRequire(MODULES + '/')('bitget-api')

const lookup = dns.lookup
dns.lookup = (host, options, done) => {
  if (!host.endsWith('bitget.com')) return lookup(host, options, done)
  return options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
}
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (options.port == 443) options.port = Number(PORT)
  return connect.apply(this, args)
}

const keys = { apiKey: API_KEY, apiSecret: API_SECRET, apiPass: API_PASS }
const rest = new RestClientV3(keys)
const perp = { category: 'USDT-FUTURES', symbol: 'BTCUSDT' }
const limit = { ...perp, side: 'buy', orderType: 'limit', timeInForce: 'gtc', price: '59000' }
const seen = {}
const ask = async (name, answer) => {
  seen[name] = await answer.then(told => told.data, error => ({ refused: error.body.code }))
}

const silent = { trace () {}, info () {}, error () {} }
const socket = new WebsocketClientV3(keys, { ...DefaultLogger, ...silent })
const heard = { order: [], fill: [], books: [] }
const listening = new Promise(resolve => {
  let answers = 0
  socket.on('response', told => { if (told.event === 'subscribe' && ++answers === 3) resolve() })
})
const traded = new Promise(resolve => {
  socket.on('update', frame => {
    heard[frame.arg.topic].push(...frame.data)
    if (heard.order.some(order => order.orderStatus === 'filled') && heard.fill.length) resolve()
  })
})
socket.on('exception', error => { seen.exception = String(error.msg ?? error) })
socket.subscribe({ topic: 'order', payload: { instType: 'UTA' } }, 'v3Private')
socket.subscribe({ topic: 'fill', payload: { instType: 'UTA' } }, 'v3Private')
socket.subscribe({ topic: 'books', payload: { instType: 'usdt-futures', symbol: 'BTCUSDT' } }, 'v3Public')
await listening

await ask('instruments', rest.getInstruments({ category: perp.category }))
await ask('placed', rest.submitNewOrder({ ...limit, qty: '0.01', clientOid: 'q1' }))
await ask('batch', rest.placeBatchOrders(['0.01', '0.0001'].map(qty => ({ ...limit, qty }))))
await ask('looked', rest.getOrderInfo({ clientOid: 'q1' }))
await ask('open', rest.getUnfilledOrders(perp))
await ask('gone', rest.cancelOrder({ clientOid: 'q1' }))
await ask('again', rest.cancelOrder({ clientOid: 'q1' }))
await ask('poor', rest.submitNewOrder({ ...limit, qty: '900' }))
await ask('hedged', rest.submitNewOrder({ ...limit, qty: '0.01', posSide: 'long' }))
await ask('taken', rest.submitNewOrder({ ...perp, side: 'buy', orderType: 'market', qty: '0.02' }))
await ask('trades', rest.getTradeFills({ category: perp.category }))
await ask('held', rest.getCurrentPosition({ category: perp.category }))
await ask('assets', rest.getBalances())
await ask('settings', rest.getAccountSettings())
await ask('stranger', new RestClientV3({ ...keys, apiSecret: 'wrong' }).getBalances())
await traded
console.log(JSON.stringify({ ...seen, heard }))
process.exit(0)
