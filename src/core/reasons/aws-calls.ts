// Reasons why a call to AWS did not succeed other than an error response from AWS: `sts.*` in lower case is about calls to STS,
// `signin.*` about the federation endpoint of AWS sign-in.
import { reasons } from './reason-entry.js';

const CHECK_NETWORK = 'Check the network path from the broker to the STS endpoint of the region.';

export const AWS_CALL_REASONS = reasons({
  // The call
  'sts.connect': { meaning: 'The connection to STS could not be opened.', action: CHECK_NETWORK },
  'sts.connection': { meaning: 'The connection to STS broke during the call.', action: CHECK_NETWORK },
  'sts.timeout': { meaning: 'STS did not respond in time.', action: CHECK_NETWORK },
  'sts.too_large': {
    meaning: 'The response from STS is larger than 64 KiB.',
    action: 'Check that `aws.endpoint` is an STS endpoint and that no proxy responds in its place.',
  },
  'sts.malformed': {
    meaning: 'The response from STS is not a complete response to the operation.',
    action: 'Check that `aws.endpoint` is an STS endpoint and that no proxy responds in its place.',
  },
  'sts.lifetime_exceeded': {
    meaning: 'The credentials that STS returned outlive the decision by more than five minutes.',
    action:
      'Check the clock of the broker. If `aws.endpoint` is an STS-compatible server that ignores DurationSeconds, set `duration` of the role to what it issues, or `aws.strictDuration: false`.',
  },
  'sts.answer_incomplete': {
    meaning: 'The response from STS lacks a required member.',
    action: 'Check that no proxy or emulator responds in place of STS.',
  },
  'sts.deadline': {
    meaning: 'No region responded before the deadline of the request.',
    action: CHECK_NETWORK,
  },
  'sts.region_away': {
    meaning: 'The circuit breaker of the region is open after several failed calls.',
    action: 'Look for the first failure in the log; set `aws.failoverRegions`.',
  },
  'sts.paused': {
    meaning: 'Calls of this account pause because STS throttled it.',
    action: 'Lengthen sessions, spread roles over accounts, or request a higher quota from AWS.',
  },
  'sts.region_disabled': {
    meaning:
      'STS is not activated in this region for the account; the broker does not call that region again for a while.',
    action: 'Activate STS in the region in the account settings of IAM, or choose another region.',
  },
  'sts.queue_full': {
    meaning: 'Too many calls to STS are waiting.',
    action: 'Add replicas, or lengthen sessions so that more requests are served from the cache.',
  },
  'sts.unknown': {
    meaning: 'STS, or the AWS SDK, reported an error without a usable code.',
    action: 'Look at the logged error.',
  },

  // AWS sign-in
  'signin.timeout': {
    meaning: 'AWS sign-in did not respond in time.',
    action: 'Check the network path from the broker to the federation endpoint.',
  },
  'signin.connection': {
    meaning: 'The connection to AWS sign-in failed.',
    action: 'Check the network path from the broker to the federation endpoint.',
  },
  'signin.answer_malformed': {
    meaning: 'The response from AWS sign-in is not JSON with a SigninToken.',
    action: 'Check that `aws.signinEndpoint` is a federation endpoint.',
  },
  'signin.answer_too_large': {
    meaning: 'The response from AWS sign-in is larger than 64 KiB.',
    action: 'Check that `aws.signinEndpoint` is a federation endpoint.',
  },
});
