import type { Me } from '@process-meter/contract';
import type { ManagerClient } from '#lib/server/manager-client.ts';

declare global {
  namespace App {
    interface Locals {
      manager: ManagerClient;
      me: Me | null;
      theme: 'light' | 'dark' | 'system';
    }
    interface Error {
      message: string;
      code?: string;
    }
    interface PageData {
      /** Keys of the address that the page does not know. */
      unknownKeys?: readonly string[];
    }
    interface PageState {
      sel?: string;
    }
  }
}

export {};
