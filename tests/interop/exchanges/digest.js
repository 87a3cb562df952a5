// exchanges/digest.js: the part of a response that nodes and clients depend on, in a form that can be compared.

/** Names and types, without values. The items of a list have one form each, named once. */
export function shapeOf(value) {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value))
    return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, shapeOf(value[key])]),
  );
}

const kHeaders = [
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-max-age',
  'www-authenticate',
  'content-type',
];

/** Name, value and attributes of a cookie, but for the moment at which it expires. */
function cookieOf(field) {
  return field.replace(/expires=[^;]+/i, 'expires');
}

/** The digest of `response`, with the node's own address replaced, so that two nodes can be compared. */
export function digest(response, address) {
  const named = (text) => text.replaceAll(address, '<address>');
  const result = { status: response.status, shape: shapeOf(response.json) };
  if (response.status >= 400 && response.json?.code !== undefined) result.code = response.json.code;
  for (const name of kHeaders)
    if (response.headers[name]) result[name] = response.headers[name].map(named);
  const cookies = response.headers['set-cookie'];
  if (cookies) result.cookies = cookies.map(cookieOf).map(named);
  return result;
}
