// exchanges/closed.js: a network that asks for a name and a password, by header or by cookie.
import { row } from './table.js';

export const kAuth = { username: 'user', password: 'pa:ss wörd' };

const kTargets = [
  ['GET', '/status'],
  ['GET', '/page'],
  ['POST', '/client/get-available-node'],
  ['POST', '/api/node/structure'],
  ['POST', '/client/no-such-route'],
  ['GET', '/ping'],
  ['OPTIONS', '/status'],
  ['HEAD', '/status'],
];
const base64 = (text) => Buffer.from(text, 'utf8').toString('base64');
const kRight = base64(`${kAuth.username}:${kAuth.password}`);
const kCookie = base64(JSON.stringify(kAuth));
const name = (side) => `spreadableNetworkAuth[${side.address}]`;
const auth = (value) => () => ({ authorization: value });
const cookie =
  (value, more = {}) =>
  (side) => ({
    cookie: typeof value === 'function' ? value(side) : `${name(side)}=${value}`,
    ...more,
  });

const kCases = [
  ['nothing', () => ({})],
  ['right', auth(`Basic ${kRight}`)],
  ['right, lower-case scheme', auth(`basic ${kRight}`)],
  ['right, blanks around', auth(`  Basic   ${kRight}  `)],
  ['wrong password', auth(`Basic ${base64('user:x')}`)],
  ['wrong name', auth(`Basic ${base64('x:pa:ss wörd')}`)],
  ['empty password', auth(`Basic ${base64('user:')}`)],
  ['no colon', auth(`Basic ${base64('user')}`)],
  ['no base64', auth('Basic ???')],
  ['without padding', auth(`Basic ${kRight.replace(/=+$/, '')}`)],
  ['other scheme', auth(`Bearer ${kRight}`)],
  ['scheme only', auth('Basic')],
  ['empty', auth('')],
  ['longer password', auth(`Basic ${base64('user:pa:ss wörd2')}`)],
  ['cookie', cookie(kCookie)],
  ['cookie in quotes', cookie(`"${kCookie}"`)],
  ['cookie among others', cookie((side) => `a=b; ${name(side)}=${kCookie}; c=d`)],
  ['cookie of another node', cookie(() => `spreadableNetworkAuth[localhost:1]=${kCookie}`)],
  ['cookie with wrong password', cookie(base64('{"username":"user","password":"x"}'))],
  ['cookie with more in it', cookie(base64(JSON.stringify({ ...kAuth, more: 1 })))],
  [
    'cookie in another order',
    cookie(base64(JSON.stringify({ password: kAuth.password, username: kAuth.username }))),
  ],
  ['cookie that is no JSON', cookie(base64('x'))],
  ['cookie that is no base64', cookie('???')],
  ['cookie empty', cookie('')],
  ['cookie null', cookie(base64('null'))],
  [
    'wrong cookie, right header',
    cookie(base64('{"username":"x"}'), { authorization: `Basic ${kRight}` }),
  ],
  ['right cookie, wrong header', cookie(kCookie, { authorization: 'Basic x' })],
  ['name of the cookie in lower case', cookie((side) => `${name(side).toLowerCase()}=${kCookie}`)],
];

export default kCases.flatMap(([what, headers]) =>
  kTargets.map(([method, target]) =>
    row(`closed: ${what}: ${method} ${target}`, method, target, (side) => ({
      headers: headers(side),
    })),
  ),
);
