declare interface CloudflareEnv {}
