// `sallyport/client`: what programs import. Nothing of the server comes with it.
export { BrokerRefusal, BrokerUnreachable } from './call-broker.js';
export {
  type FromSallyportOptions,
  fromSallyport,
  type SallyportIdentity,
  type SallyportProvider,
} from './from-sallyport.js';
export { githubActionsToken } from './github-actions.js';
