/** Version of the agent, as told at enrolment and in its presence. */
export const VERSION = '0.1.0';
