// `@sallyport/client`: credentials from a Sallyport broker for programs in JavaScript and TypeScript. Start reading at
// `fromSallyport`: it reads the proof (proof-source.ts), calls the broker (request-credentials.ts, call-broker.ts) with
// retries (retry.ts), and refreshes the credentials before they expire (refreshing-provider.ts).
//
// This file is the public API. `@sallyport/client/internal/*` is for the server and the command line of this repository
// only, and can change in any release.
export { BrokerRefusal, BrokerUnreachable } from './call-broker.js';
export {
  type FromSallyportOptions,
  fromSallyport,
  type SallyportIdentity,
  type SallyportProvider,
} from './from-sallyport.js';
export { githubActionsToken } from './github-actions.js';
