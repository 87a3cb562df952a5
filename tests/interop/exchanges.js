// exchanges.js: the table of exchanges that nodes of either kind must answer alike.
import access from './exchanges/access.js';
import approvals from './exchanges/approvals.js';
import bodies from './exchanges/bodies.js';
import closed from './exchanges/closed.js';
import heads from './exchanges/heads.js';
import membership from './exchanges/membership.js';
import routes from './exchanges/routes.js';

/** Sent to a node of an open network, in this order where it matters. */
export const kOpen = [...routes, ...access, ...bodies, ...heads, ...approvals, ...membership];
/** Sent to a node of a network with `network.auth`. */
export const kClosed = closed;
