export async function deliver(event: object, to: { url: string; secret: string | undefined }): Promise<void> {
  void event; void to;
}
