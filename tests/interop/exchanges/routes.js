// exchanges/routes.js: every route by every method, and all ways to spell a path.
import { row } from './table.js';

const kPaths = [
  '/ping',
  '/status',
  '/status?pretty',
  '/',
  '/some/page',
  '/client',
  '/client/',
  '/client/get-available-node',
  '/client/no-such-route',
  '/api',
  '/api/node',
  '/api/node/structure',
  '/api/node/get-interview-summary',
  '/api/node/no-such-route',
  '/api/butler/no-such-action',
  '/api/slave/no-such-action',
  '/api/master/no-such-action',
  '/api/slave/echo-address',
  '/api/butler/echo-address',
];
const kMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const routes = kPaths.flatMap((path) =>
  kMethods.map((method) => row(`routes: ${method} ${path}`, method, path)),
);

const kSpellings = [
  '/PING',
  '/ping/',
  '/PiNg/',
  '/ping//',
  '//ping',
  '///ping',
  '/ping?',
  '/ping?a=b',
  '/ping/?a=b',
  '/ping?a[b]=c',
  '/%70ing',
  '/pin%67',
  '/ping%2F',
  '/ping%20',
  '/ping%00',
  '/./ping',
  '/x/../ping',
  '/ping/.',
  '/ping;a=b',
  '/ping.json',
  '/%',
  '/%zz',
  '/%ff',
  '/caf%C3%A9',
  '/%E0%A4%A',
  '/STATUS',
  '/Status/',
  '//status',
  '/status//',
  '/status?Pretty',
  '/status?pretty=',
  '/status?pretty=0',
  '/status?pretty=false',
  '/status?pretty&pretty',
  '/status?pretty[]=1',
  '/status?pretty[a]=1',
  '/status?x=pretty',
  '/status??pretty',
  '/status?%70retty',
  '/status?pretty%3D1',
  '/status?a=%zz',
  '/status?a[b]=c&d[e][f]=g',
  '/?x',
  '//',
  '/a//b',
  '/api/%',
  '/client/%',
  '/%2Fping',
  '/a?b?c',
  'http://localhost/ping',
  'http://localhost:1/ping?x',
  'http://other.example/status',
  'HTTP://localhost/ping',
];
const spellings = kSpellings.map((target) => row(`spelling: GET ${target}`, 'GET', target));

const kPosted = [
  '/client/GET-AVAILABLE-NODE',
  '/client/get-available-node/',
  '/CLIENT/get-available-node',
  '//client/get-available-node',
  '/client//get-available-node',
  '/client/get-available-node?x=y',
  '/client/get%2Davailable-node',
  '/client/%',
  '/%',
  '/client/get-available-node//',
  '/API/node/structure',
  '/api/node/structure/',
  '/api/NODE/Structure',
  '//api/node/structure',
  '/api//node/structure',
  '/api/node//structure',
  '/api/node/structure?x',
  '/api/node/struct%75re',
  '/api/node/../node/structure',
  '/apis',
  '/clients',
  '/api?x',
  '/client?x',
];
const posted = kPosted.map((target) =>
  row(`spelling: POST ${target}`, 'POST', target, (side) => ({
    headers: { 'original-address': 'localhost:1', 'node-root': side.root },
  })),
);

const kOrigin = { origin: 'http://page.example:8080' };
const cors = [
  row('cors: GET with an origin', 'GET', '/ping', { headers: kOrigin }),
  row('cors: POST with an origin', 'POST', '/client/get-available-node', { headers: kOrigin }),
  row('cors: error with an origin', 'POST', '/client/no-such-route', { headers: kOrigin }),
  row('cors: null origin', 'GET', '/status', { headers: { origin: 'null' } }),
  ...['/ping', '/status', '/client/get-available-node', '/api/node/structure', '/nothing'].map(
    (path) =>
      row(`cors: preflight of ${path}`, 'OPTIONS', path, {
        headers: {
          ...kOrigin,
          'content-type': null,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'client-version,content-type,authorization',
        },
      }),
  ),
  row('cors: preflight for an unusual header', 'OPTIONS', '/ping', {
    headers: { ...kOrigin, 'access-control-request-headers': 'X-Any-Thing, other' },
  }),
  row('cors: preflight without headers', 'OPTIONS', '/ping', {
    headers: { ...kOrigin, 'access-control-request-method': 'PUT' },
  }),
  row('cors: preflight with a body that is no JSON', 'OPTIONS', '/client/x', {
    headers: kOrigin,
    body: '{',
  }),
  row('cors: OPTIONS without an origin', 'OPTIONS', '/client/get-available-node'),
  row('cors: OPTIONS of a wrong version', 'OPTIONS', '/client/get-available-node', {
    headers: { 'client-version': 'x' },
  }),
];

export default [...routes, ...spellings, ...posted, ...cors];
