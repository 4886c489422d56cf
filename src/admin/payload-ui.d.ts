/**
 * What is used of Payload's admin panel and of Next. They are the site's: as packages of this one they would bring in the
 * whole of both to compile a few components.
 */
declare module '@payloadcms/ui' {
  import type { ComponentType, ReactNode } from 'react';

  export const Button: ComponentType<{
    'aria-label'?: string;
    buttonStyle?: 'primary' | 'secondary' | 'pill' | 'subtle' | 'error';
    children?: ReactNode;
    className?: string;
    disabled?: boolean;
    id?: string;
    margin?: boolean;
    onClick?: () => void;
    size?: 'xsmall' | 'small' | 'medium' | 'large';
    type?: 'button';
    extraButtonProps?: Record<string, unknown>;
  }>;
  export const ConfirmationModal: ComponentType<{
    body: ReactNode;
    className?: string;
    confirmLabel?: string;
    heading: ReactNode;
    modalSlug: string;
    onCancel?: () => void;
    onConfirm: () => Promise<void> | void;
  }>;
  export const Gutter: ComponentType<{ children: ReactNode; className?: string }>;
  export const Link: ComponentType<{
    children: ReactNode;
    className?: string;
    href: string;
    id?: string;
    prefetch?: boolean;
    'aria-current'?: 'page';
  }>;
  export const SetStepNav: ComponentType<{ nav: { label: string; url?: string }[] }>;
  export const toast: { success(text: string): void; error(text: string): void };
  export function useModal(): { openModal(slug: string): void; closeModal(slug: string): void };
  export function useDocumentInfo(): {
    id?: number | string;
    collectionSlug?: string;
    globalSlug?: string;
    updatedAt?: string;
    lastUpdateTime?: number;
  };
}

declare module '@payloadcms/next/templates' {
  import type { ComponentType, ReactNode } from 'react';

  export const DefaultTemplate: ComponentType<Record<string, unknown> & { children: ReactNode }>;
}

declare module 'next/navigation.js' {
  export function redirect(to: string): never;
  export function usePathname(): string | null;
}

declare module 'next/headers.js' {
  export function headers(): Promise<Headers>;
}
