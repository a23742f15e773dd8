"""The forms of sign-up, login and passwords, with their labels and messages (MEM-36)."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from members.accounts.passwords import LENGTH_MAX, weakness
from shared.web.fields import Email, Kana, PersonName, wrong


def _good_password(password: str) -> str:
    reason = weakness(password)
    if reason:
        raise wrong(reason)
    return password


NewPassword = Annotated[str, AfterValidator(_good_password)]
_HINT = (
    "英字と数字の両方を使い、8文字以上で入力してください。長いほど安全で、15文字以上なら英字だけでもかまいません。"
    "ほかのサイトと同じパスワードは使わないでください。"
)


class SignUp(BaseModel):
    """The fewest data that a member gives (MEM-36)."""

    name: PersonName
    kana: Kana = Field("", title="フリガナ")
    email: Email
    password: NewPassword = Field(title="パスワード", description=_HINT)
    newsletter: bool = Field(False, title="メールマガジンを受け取る")


class AmazonSignUp(BaseModel):
    """The form after an Amazon login.

    Amazon gives name and address and vouches for the address, so it is not asked again.
    """

    name: PersonName
    kana: Kana = Field("", title="フリガナ")
    newsletter: bool = Field(False, title="メールマガジンを受け取る")


class Login(BaseModel):
    """The shop's own login."""

    email: Email
    password: str = Field(title="パスワード", max_length=LENGTH_MAX)


class ConfirmLink(BaseModel):
    """The present password of a member who adds an Amazon account. A member without a password has none to type."""

    password: str = Field("", title="現在のパスワード", max_length=LENGTH_MAX)


class ForgottenPassword(BaseModel):
    """The address of the account whose password was forgotten."""

    email: Email


class ResetPassword(BaseModel):
    """The new password, entered twice because the fields hide it."""

    new_password: NewPassword = Field(title="新しいパスワード", description=_HINT)
    repeated: str = Field(title="新しいパスワード（確認）", max_length=LENGTH_MAX)


class ChangePassword(BaseModel):
    """The present password and the new one."""

    password: str = Field(title="現在のパスワード", max_length=LENGTH_MAX)
    new_password: NewPassword = Field(title="新しいパスワード", description=_HINT)
